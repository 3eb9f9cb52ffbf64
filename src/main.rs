fn main() { println!("musubi"); }

fn main() {
    println!("musubi");
}

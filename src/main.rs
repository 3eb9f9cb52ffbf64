fn main() -> std::process::ExitCode {
    musubi::commands::main()
}

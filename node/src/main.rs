//! `lianzhan`: one program for every level. All of it is in the library.

fn main() -> std::process::ExitCode {
    lianzhan_node::cli::main()
}

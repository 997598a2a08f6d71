//! The binary: hands its arguments to the command line.

use std::process::ExitCode;

/// A request allocates some dozens of small values, and this one is quick with them. Without huge pages,
/// for an idle server would hold 16 MiB in them for nothing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keybearer::cli::main()
}

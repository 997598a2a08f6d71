//! The binary: hands its arguments to the command line.

use std::process::ExitCode;

/// A request allocates some dozens of small values; docs/performance.md has what this one saves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keybearer::cli::main()
}

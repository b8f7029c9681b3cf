#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| lianzhan_tests::fuzz::piece(data));

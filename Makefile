# The three commands. The work stands in scripts/ and in the programs themselves.
.PHONY: help demo test bench

help:
	@echo 'make demo    a simulated dashboard, the daemon and a webhook receiver in this terminal'
	@echo 'make test    everything that must hold before a change is taken'
	@echo 'make bench   the figures of bench/README.md, measured on this machine'

demo:
	@scripts/setup demo
	@cargo run --release --locked --package deskbell -- demo

test:
	@scripts/test

bench:
	@scripts/setup bench
	@cargo build --profile dist --locked --package deskbell --package deskbell-bench
	@cargo run --profile dist --locked --package deskbell-bench -- run --peers

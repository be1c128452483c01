# The local run: what to do is here, how is in deploy/local.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help build start stop run run-apart status logs migrate demo replay chaos test bench bench-rush bench-soak bench-log bench-ledger clean
L := deploy/local

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build everything (Release)
	@$L/build.sh

start: ## start what is missing, in the background; ends with READY and the address (APART=1: one process a service)
	@$L/start.sh

stop: ## stop what was started, servers too; data stay
	@$L/stop.sh

run: ## start, show the logs, stop on Ctrl-C
	@$L/run.sh

run-apart: ## the same with one process a service
	@APART=1 $L/run.sh

status: ## what runs, where, memory, CPU, clock
	@$L/status.sh

logs: ## follow the logs of all parts
	@tail -n 20 -F $${TENDERING_RUN:-.run}/log/*.log

migrate: ## create databases and roles, apply new schema files
	@$L/migrate.sh

demo: start ## play a whole tender from draft to contract
	@$L/with.sh Replay demo

replay: ## replay a trace: FILE=… [LIMIT=n] [PARALLEL=n] [URL=a gateway elsewhere]
	@test -n "$(FILE)" || { echo "say which: make replay FILE=…" >&2; exit 1; }
	@$L/replay.sh "$(FILE)" "$(LIMIT)" "$(PARALLEL)" "$(URL)"

chaos: start ## kill services, broker and database while tenders run, and check that nothing was lost
	@$L/with.sh Replay chaos

test: ## run all tests against servers of their own; ends with the sum
	@$L/test.sh

bench: start ## measure against the running system
	@$L/with.sh Benchmarks

bench-ledger: ## measure the ledger on servers alone: [LEDGER_TRANSFERS=n already there] [LEDGER_ROUNDS=n] [LEDGER_SECONDS=n]
	@$L/bench-part.sh ledger

bench-rush: start ## the last half minute before a deadline, uploads, an opening and a short soak, against the running system: [RUSH_BIDDERS=n] [SOAK_SECONDS=n]
	@$L/bench-rush.sh

bench-soak: start ## ten minutes of submissions at half of the rush's load, against the running system: [SOAK_SECONDS=n]
	@$L/with.sh Benchmarks soak $${SOAK_SECONDS:-600}

bench-log: ## measure the audit log on servers of its own: [LOG_EVENTS=n]
	@$L/bench-part.sh log

clean: ## stop, and delete all data of the local run
	@TENDERING_RUN=$${TENDERING_RUN:-.run}/test $L/stop.sh --delete
	@$L/stop.sh --delete

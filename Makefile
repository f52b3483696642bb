# The two commands anybody needs are run and test. The rest is for those who change contracts or pages.
BUF := .ci/node_modules/.bin/buf
# The contracts that a program in another language reads, imports and options included.
DESCRIPTORS = $(BUF) build --as-file-descriptor-set --exclude-source-info
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# What `make breaking` compares contracts with.
AGAINST ?= origin/main

.PHONY: run test test-process generate lint breaking bench

run: ## Open the example portal
	@sh .ci/postgres
	go run ./examples/services

test: ## Prove it
	@sh .ci/postgres
	go test -timeout 30m ./...

# Left out: TestConform, which runs both ways in `make test`, and TestPlans, which looks at SQL alone.
test-process: ## The modules' own tests, the modules in processes of their own
	@sh .ci/postgres
	CABINET_MODE=process go test -timeout 30m -skip '^(TestConform|TestPlans)$$' ./modules/...

$(BUF): .ci/package-lock.json
	cd .ci && npm ci --no-audit --no-fund --silent && touch node_modules/.bin/buf

.build/proto: go.sum contracts/internal/protodeps/main.go
	go run ./contracts/internal/protodeps $@
	@touch $@

generate: $(BUF) .build/proto ## Make generated code again: contracts, pages, composition, the schema of portal.yaml
	$(BUF) generate
	$(DESCRIPTORS) -o plugins/nodekit/contracts.binpb --path contracts/kernel/v1/plugin.proto --path .build/proto/google/rpc/status.proto --path .build/proto/google/rpc/error_details.proto
	$(DESCRIPTORS) -o plugins/feedback/contracts.binpb --path plugins/feedback/v1 --path contracts/clientmanager/v1/clients.proto --path contracts/clientmanager/v1/events.proto
	go tool templ generate -path kernel/web/ui -log-level error
	go tool wire gen ./examples/...
	go test ./kernel/config -run '^TestSchemaIsPublished$$' -update

lint: $(BUF) .build/proto ## Formatting, vet, linters, contracts
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt these:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go run $(GOLANGCI) run ./...
	$(BUF) format -d --exit-code --path contracts --path plugins
	$(BUF) lint

breaking: $(BUF) .build/proto ## Contracts only grow
	@rm -rf .build/against && mkdir -p .build/against/.build
	git archive $(AGAINST) buf.yaml contracts $$(git ls-tree -d --name-only $(AGAINST) plugins) | tar -x -C .build/against
	@cp -r .build/proto .build/against/.build/proto
	$(BUF) breaking --against .build/against

bench: ## The figures of kernel/README.md
	@sh .ci/postgres
	cd kernel/call/benchmarks && go test -run '^$$' -bench . -benchmem
	go test -run '^$$' -bench . ./kernel/store
	go test -run '^$$' -bench PublishAt -benchtime 2000x ./kernel/event
	CABINET_MILLION=1 go test -run '^$$' -bench ListClients -benchtime 20x -timeout 60m ./modules/clientmanager
	CABINET_MILLION=1 go test -run XXX -bench ListAuditEntries -benchtime 20x -timeout 30m ./kernel/audit/trail
	go test -run '^$$' -bench Transfers -benchtime 1x ./modules/finsystem/ledger
	CABINET_MILLION=1 go test -run '^$$' -bench Statements -benchtime 200x -timeout 30m ./modules/finsystem
	go test -run '^$$' -bench Start -benchtime 5x ./examples/services

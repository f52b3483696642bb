# The command anybody needs is test. The rest is for those who change contracts or pages.
BUF := .ci/node_modules/.bin/buf
# What `make breaking` compares contracts with.
AGAINST ?= origin/main

.PHONY: test generate lint breaking

test: ## Prove it
	@sh .ci/postgres
	go test ./...

$(BUF): .ci/package-lock.json
	cd .ci && npm ci --no-audit --no-fund --silent && touch node_modules/.bin/buf

.build/proto: go.sum contracts/internal/protodeps/main.go
	go run ./contracts/internal/protodeps $@
	@touch $@

generate: $(BUF) .build/proto ## Make generated code again: contracts, pages
	$(BUF) generate
	go tool templ generate -path kernel/web/ui -log-level error

lint: $(BUF) .build/proto ## Formatting, vet, contracts
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt these:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	$(BUF) format -d --exit-code --path contracts
	$(BUF) lint

breaking: $(BUF) .build/proto ## Contracts only grow
	@rm -rf .build/against && mkdir -p .build/against/.build
	git archive $(AGAINST) buf.yaml contracts | tar -x -C .build/against
	@cp -r .build/proto .build/against/.build/proto
	$(BUF) breaking --against .build/against

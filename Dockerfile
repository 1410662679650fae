# The demo services as container images that hold one static binary and nothing else, for minikube: see docs/minikube.md.
#   docker build --target provider        -t chaos-tui/provider:demo   .
#   docker build --target consumer-before -t chaos-tui/consumer:before .
#   docker build --target consumer-after  -t chaos-tui/consumer:after  .
# On Alpine the toolchain links statically against musl.
FROM rust:1-alpine AS build
WORKDIR /src
RUN apk add --no-cache musl-dev
COPY . .
RUN cargo build --release --locked -p chaos-sandbox --bin demo-services --no-default-features

FROM scratch AS base
COPY --from=build /src/target/release/demo-services /usr/local/bin/demo-services
ENV PORT=8080
EXPOSE 8080
USER 65534:65534

FROM base AS provider
ENTRYPOINT ["/usr/local/bin/demo-services", "provider"]

FROM base AS consumer-before
ENTRYPOINT ["/usr/local/bin/demo-services", "consumer-before"]

FROM base AS consumer-after
ENTRYPOINT ["/usr/local/bin/demo-services", "consumer-after"]

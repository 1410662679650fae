# The demo services as container images, for minikube:
#   eval $(minikube docker-env)
#   docker build --target provider        -t chaos-tui/provider:demo   .
#   docker build --target consumer-before -t chaos-tui/consumer:before .
#   docker build --target consumer-after  -t chaos-tui/consumer:after  .
FROM rust:1-slim AS build
WORKDIR /src
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cargo build --release --locked -p chaos-sandbox --bin demo-services --no-default-features

FROM debian:stable-slim AS base
COPY --from=build /src/target/release/demo-services /usr/local/bin/demo-services
ENV PORT=8080
EXPOSE 8080
USER 65534

FROM base AS provider
ENTRYPOINT ["demo-services", "provider"]

FROM base AS consumer-before
ENTRYPOINT ["demo-services", "consumer-before"]

FROM base AS consumer-after
ENTRYPOINT ["demo-services", "consumer-after"]

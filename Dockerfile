# The service in one image: build with the Rust toolchain, run on a small Debian.
FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/musubi musubi
COPY --from=build /build/target/release/musubi /usr/local/bin/musubi
USER musubi
VOLUME /var/lib/musubi
EXPOSE 8080
ENTRYPOINT ["musubi", "--data", "/var/lib/musubi"]
CMD ["serve"]

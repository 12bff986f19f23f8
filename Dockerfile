# An image of Myriad: the one-file executable on a small Debian. docs/manual/deployment.md tells how it is used.
#
#   docker build -t myriad .

FROM node:22-bookworm-slim AS build
WORKDIR /build
# Dependencies first: they change less often than the program.
COPY package.json package-lock.json ./
COPY tools/setup.mjs tools/
RUN node tools/setup.mjs
COPY . .
# 'x64' or 'arm64', as Node calls the machine that is built for.
RUN npm run release -- "$(node -p process.arch)" && mv dist/myriad-*-linux-* /myriad

FROM debian:bookworm-slim
# libssl3 is for TLS on sockets of our own.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libssl3 \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --system --gid 10001 myriad \
  && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/myriad --shell /usr/sbin/nologin myriad \
  && install --directory --owner=myriad --group=myriad --mode=0700 /var/lib/myriad
COPY --from=build /myriad /usr/local/bin/myriad
# Certificates are kept here; a volume keeps them between containers.
ENV STATE_DIRECTORY=/var/lib/myriad
VOLUME /var/lib/myriad
# By number, so that Kubernetes sees that it is not root.
USER 10001:10001
# The site, or its configuration.
WORKDIR /site
EXPOSE 8080
# Requests in progress are finished.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["myriad", "status"]
ENTRYPOINT ["myriad"]
# In place of the configuration's addresses, which inside a container would mean the container alone.
CMD ["serve", "--listen", "0.0.0.0:8080"]

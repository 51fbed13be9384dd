# The base is named by its version. Replace it by a digest of your registry (node:24.21.0-bookworm-slim@sha256:…), so that
# nobody can put another image under that name. Everything runs on the platform of the builder; of the image's own
# platform files are read. The image itself starts from nothing: it has Node, its libraries, and the service.

# Makes the parts that all platforms share in /packages and /service, and what is of one platform in /of. The context has
# only these files (.dockerignore), with modes that follow the umask of whoever cloned, so all get the same modes. npm
# takes from its cache what fits the hashes of package-lock.json, so a cache that the builder keeps changes nothing.
FROM --platform=$BUILDPLATFORM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/root/.npm npm_config_prefer_offline=true node scripts/setup.mjs \
 && node scripts/bundle-service.mjs \
 && node scripts/build-console.mjs \
 && node scripts/image-modules.mjs /packages/node_modules /of \
 && mkdir /service \
 && cp -r --parents package.json LICENSE prisma/migrations openapi docs/*.md dist \
      packages/x509/package.json packages/inspect/package.json /service \
 && cp deploy/image/health-check.mjs /service \
 && chmod -R u=rwX,go=rX /packages /service /of \
 && rm -r node_modules

# BuildKit takes the platform of the image where none is said, and buildah takes that of the stage before.
# hadolint ignore=DL3065
FROM --platform=$TARGETPLATFORM node:24.21.0-bookworm-slim AS target

# Makes the part of the image that is of its platform: Node with its libraries, the add-on of the database, and the SBOM.
FROM build AS root
ARG TARGETARCH
ARG CREATED=''
RUN --mount=type=bind,from=target,source=/,target=/target \
    sh scripts/image-root.sh /target /image \
 && cp -r "/of/$TARGETARCH" /image/app \
 && ln -s /packages/node_modules /service/node_modules \
 && node scripts/release/sbom.mjs --image-root /image --app /service --created "$CREATED" --out /image/app/sbom.cdx.json

FROM scratch
ARG VERSION=''
ARG REVISION=''
ARG SOURCE=''
ARG CREATED=''
LABEL org.opencontainers.image.title="kubepass" \
      org.opencontainers.image.description="Issues Kubernetes user certificates" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.created="$CREATED"
COPY --from=root /image /
COPY --from=build /packages /app
COPY --from=build /service /app
WORKDIR /app
# No policies are shipped: until some are mounted there, every request is denied.
# On 0.0.0.0 the service refuses plain HTTP: give it KUBEPASS_TLS_CERT_FILE and KUBEPASS_TLS_KEY_FILE, or say with
# KUBEPASS_TLS_TERMINATED=true that something in front of it ends TLS.
ENV PATH=/usr/local/bin \
    NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    KUBEPASS_HOST=0.0.0.0 \
    KUBEPASS_PORT=8080 \
    KUBEPASS_DATA_DIR=/var/lib/kubepass \
    KUBEPASS_POLICIES_DIR=/etc/kubepass/policies \
    KUBEPASS_REVISION=$REVISION
# A number, so that Kubernetes' runAsNonRoot can tell that it is not root.
USER 10001:10001
VOLUME /var/lib/kubepass
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "/app/health-check.mjs"]
# `docker run IMAGE` serves, and `docker run IMAGE VERB …` runs another verb: `docker run IMAGE check-config`. A small young
# generation, and few arenas of malloc (MALLOC_ARENA_MAX), keep the process within the memory limit of deploy/kubernetes
# and docker-compose.yml. The other options keep keys in it from whoever may send it a signal or read its core:
# docs/configuration.md.
ENTRYPOINT ["node", "--disable-sigusr1", "--secure-heap=16777216", "--max-semi-space-size=8", "/app/dist/kubepass.js"]
CMD ["serve"]

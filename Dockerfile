# The base is named by its version. Replace it by a digest of your registry (node:24.21.0-bookworm-slim@sha256:…), so that
# nobody can put another image under that name.
# Generates the database clients, compiles the sources, and builds the pages of the console.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/x509/package.json packages/x509/
COPY packages/inspect/package.json packages/inspect/
COPY packages/kubectl-kubepass/package.json packages/kubectl-kubepass/
COPY packages/console/package.json packages/console/
COPY scripts/setup.mjs scripts/runtime.mjs scripts/prisma-schema-engine.mjs scripts/
COPY prisma.config.ts ./
COPY prisma prisma
RUN node scripts/setup.mjs
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY scripts/build-packages.mjs scripts/build-console.mjs scripts/
COPY packages packages
COPY src src
RUN npm run build:service \
 && find packages -name '*.d.ts' -delete

# The production packages, without Prisma's CLI, which would come in as an optional peer. The service never reads types,
# source maps, the C++ sources of the add-on and the query compilers of other databases, so they are removed.
FROM node:24.21.0-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/x509/package.json packages/x509/
COPY packages/inspect/package.json packages/inspect/
COPY packages/kubectl-kubepass/package.json packages/kubectl-kubepass/
COPY packages/console/package.json packages/console/
RUN npm ci --omit=dev --omit=optional \
 && cd node_modules \
 && rm -rf kubectl-kubepass @kubepass/console @types undici-types node-addon-api better-sqlite3/deps better-sqlite3/src better-sqlite3/binding.gyp \
 && find better-sqlite3/prebuilds -type f ! -name "linux*-$(node -p process.arch).node" -delete \
 && find @prisma/client/runtime -type f -name 'query_compiler_*' \
      ! -name 'query_compiler_small_bg.sqlite.*mjs' ! -name 'query_compiler_small_bg.postgresql.*mjs' -delete \
 && find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="kubepass" \
      org.opencontainers.image.description="Issues Kubernetes user certificates" \
      org.opencontainers.image.licenses="Apache-2.0"
# A number, so that Kubernetes' runAsNonRoot can tell that it is not root.
RUN groupadd --system --gid 10001 kubepass \
 && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/kubepass --shell /usr/sbin/nologin kubepass \
 && mkdir -p /etc/kubepass/policies \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/kubepass
WORKDIR /app
COPY --from=modules /app/node_modules node_modules
COPY package.json ./
COPY prisma/migrations prisma/migrations
COPY openapi openapi
COPY packages/x509/package.json packages/x509/
COPY packages/inspect/package.json packages/inspect/
COPY --from=build /app/packages/x509/dist packages/x509/dist
COPY --from=build /app/packages/inspect/dist packages/inspect/dist
COPY --from=build /app/dist dist
COPY --chmod=755 deploy/image/kubepass deploy/image/entrypoint /usr/local/bin/
COPY deploy/image/health-check.mjs ./
COPY docs/api.md docs/
# No policies are shipped: until some are mounted there, every request is denied.
# On 0.0.0.0 the service refuses plain HTTP: give it KUBEPASS_TLS_CERT_FILE and KUBEPASS_TLS_KEY_FILE, or say with
# KUBEPASS_TLS_TERMINATED=true that something in front of it ends TLS.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    KUBEPASS_HOST=0.0.0.0 \
    KUBEPASS_PORT=8080 \
    KUBEPASS_DATA_DIR=/var/lib/kubepass \
    KUBEPASS_POLICIES_DIR=/etc/kubepass/policies
USER 10001:10001
VOLUME /var/lib/kubepass
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "/app/health-check.mjs"]
# `docker run IMAGE` serves, `docker run IMAGE --check-config` checks the configuration, and `docker run IMAGE node
# dist/backup.js FILE` runs another program.
ENTRYPOINT ["entrypoint"]
CMD ["kubepass"]

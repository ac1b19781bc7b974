# element-clone: the worker, the command line and the simulated cluster. Debian, since Temporal's native module needs glibc.
ARG NODE_IMAGE=node:22.23.4-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY types ./types
COPY contracts ./contracts
COPY element ./element
COPY workflows ./workflows
COPY activities ./activities
COPY worker ./worker
COPY client ./client
COPY simulator ./simulator
COPY connection ./connection
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY ops/docker/one-bridge.mjs ./
RUN node one-bridge.mjs && rm one-bridge.mjs

FROM ${NODE_IMAGE}
# Neither npm nor yarn is needed to run; what is not there cannot be used by who gets in.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /opt/yarn-* /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && ln -s /app/dist/client/cli/main.js /usr/local/bin/element-clone \
 && install -d -o 1000 -g 1000 /var/lib/element-clone /var/lib/element-clone/ca /var/lib/element-clone/public \
 && install -d /etc/element-clone /etc/element-clone/simulator
WORKDIR /app
COPY --from=dependencies /app ./
COPY --from=build /src/dist ./dist
COPY LICENSE ./
ENV NODE_ENV=production \
    ELEMENT_CLONE_CONFIG=/etc/element-clone/element-clone.yaml
# The user `node` of the image, by number, so that a cluster can verify that it is not root.
USER 1000:1000
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "element-clone"]
CMD ["worker"]

# The gateway alone: built in one stage, run as nobody in particular in the next.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY protocols protocols
COPY bench bench
COPY src src
RUN npm run --silent build && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production M2MP_DATA=/data M2MP_HTTP_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/dist/src/cli/main.js /usr/local/bin/m2mp && mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3010 3050 8080
# Not ready for a while is no reason to be killed: a full disk is waited out. The check says so all the same.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["m2mp", "health"]
STOPSIGNAL SIGTERM
CMD ["node", "/app/dist/src/cli/main.js", "serve"]

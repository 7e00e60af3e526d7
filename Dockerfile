# Two images from one file: `app` serves the API, the live push and, alone, the pages too; `web` is the edge in front.

FROM node:24-bookworm-slim AS pages
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build


FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/lianxi
COPY requirements.txt ./
RUN /opt/lianxi/bin/pip install --require-hashes -r requirements.txt


FROM python:3.13-slim-bookworm AS app
ENV PATH=/opt/lianxi/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=5000 \
    DATA_DIR=/data
# Backups are made and proven by the programs of the server's own version (docker-compose.yml). No version beyond that:
# Debian keeps only the newest, with what was mended.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 lianxi \
    && useradd --uid 10001 --gid lianxi --no-create-home --home-dir /data --shell /usr/sbin/nologin lianxi \
    && install -d -o lianxi -g lianxi -m 0700 /data /backups
WORKDIR /srv/lianxi
COPY --from=packages /opt/lianxi /opt/lianxi
COPY config.py discovery.py gunicorn.conf.py logs.py ./
COPY migrations migrations
COPY scripts/container-start scripts/container-start
COPY app app
COPY --from=pages /build/frontend/dist frontend/dist
USER 10001:10001
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["scripts/container-start"]


FROM nginx:1.28-alpine-slim AS web
COPY nginx.conf /etc/nginx/nginx.conf
RUN mkdir -p /etc/nginx/site.d && nginx -t -e stderr -p /tmp -c /etc/nginx/nginx.conf && rm -rf /tmp/*
COPY --from=pages /build/frontend/dist /srv/www
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/index.html"]
STOPSIGNAL SIGQUIT
ENTRYPOINT []
CMD ["nginx", "-e", "stderr", "-p", "/tmp", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"]

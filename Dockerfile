# The image of a pass. Both stages start from one image, so that the virtual environment fits.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
# pip and the build backend live beside the environment that is kept, not in it.
RUN ["python3", "-m", "venv", "/opt/build"]
RUN ["python3", "-m", "venv", "--without-pip", "/opt/sre-watchdog"]
COPY requirements.txt requirements-build.txt /src/
# What a pass never imports goes: the asyncio twin of the Kubernetes client, and packages' own tests.
# Bytecode carries hashes instead of times: the file system is read-only, and the same sources give
# the same bytes.
RUN /opt/build/bin/pip install --quiet --require-hashes --requirement /src/requirements-build.txt \
 && /opt/build/bin/pip install --quiet --require-hashes --no-compile \
      --prefix /opt/sre-watchdog --ignore-installed --requirement /src/requirements.txt \
 && rm -rf /opt/sre-watchdog/lib/python3*/site-packages/kubernetes/aio \
 && find /opt/sre-watchdog/lib -depth -type d \( -name tests -o -name test -o -name __pycache__ \) -exec rm -rf {} + \
 && find /opt/sre-watchdog/bin -type f -delete \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/sre-watchdog/lib
COPY pyproject.toml README.md LICENSE /src/
COPY watchdog /src/watchdog
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir /tmp/wheel /src \
 && /opt/build/bin/pip install --quiet --no-deps --no-index --no-compile --prefix /opt/sre-watchdog \
      --ignore-installed /tmp/wheel/*.whl \
 && sed -i '1s|.*|#!/opt/sre-watchdog/bin/python3|' /opt/sre-watchdog/bin/sre-watchdog \
 && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/sre-watchdog/lib/python3*/site-packages/watchdog \
 && /opt/sre-watchdog/bin/sre-watchdog --version

FROM ${PYTHON_IMAGE}
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sre-watchdog" \
      org.opencontainers.image.description="Finds what is broken in Kubernetes namespaces, says why, fixes what it safely can and proves it" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/sre-watchdog/sre-watchdog" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH=/opt/sre-watchdog/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY --from=build /opt/sre-watchdog /opt/sre-watchdog
# TLS trusts what the system trusts: without these, every call to a model or to Slack fails.
RUN ["python3", "-c", "import ssl; assert ssl.create_default_context().cert_store_stats()['x509_ca'], 'the base image has no CA certificates'"]
USER 65532:65532
WORKDIR /tmp
ENTRYPOINT ["sre-watchdog"]
CMD ["run"]

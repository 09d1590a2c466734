# Impasto as a container image; docs/container.md explains it to owners.
#
#   docker build --target cpu  --build-arg TORCH_INDEX=… -t impasto:cpu .
#   docker build --target cuda -t impasto:cuda .
#
# TORCH_INDEX is the address that PyTorch's start page shows behind --index-url. Without it torch comes from where
# pip looks anyway, which on Linux is a build for CUDA: right for cuda, and for cpu 4 GB that are never used.
#
# The tag of BASE follows Python's and Debian's security fixes at each `docker build --pull`. For builds that are
# the same in a year, give it a digest: --build-arg BASE=python@sha256:…
ARG BASE=python:3.13-slim-trixie

# Impasto itself, as wheels, and a list of what it needs. Nothing else of this stage is in the image.
FROM ${BASE} AS wheels
WORKDIR /src
RUN python -m venv /build
COPY constraints.txt ./
RUN /build/bin/pip install --no-cache-dir -c constraints.txt hatchling
COPY service/container/dependencies.py ./
COPY core core
COPY plugins plugins
COPY locales locales
RUN python dependencies.py core/pyproject.toml plugins/*/pyproject.toml > dependencies.txt \
    && /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels \
    ./core ./plugins/nst ./plugins/cyclegan ./plugins/superres

# All that Impasto needs, torch first: nearly the whole of the image. A change of code does not come here.
FROM ${BASE} AS packages
RUN python -m venv /opt/impasto
ENV PATH=/opt/impasto/bin:$PATH
COPY constraints.txt /opt/impasto/
ARG TORCH_INDEX=""
RUN pip install --no-cache-dir --no-deps -c /opt/impasto/constraints.txt \
    ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch torchvision
COPY --from=wheels /src/dependencies.txt /opt/impasto/
RUN pip install --no-cache-dir -c /opt/impasto/constraints.txt -r /opt/impasto/dependencies.txt

# Whose it is, where the data are, how it is started, stopped and looked at.
FROM packages AS cpu
RUN useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin impasto \
    && install -d -o impasto -g impasto -m 0700 /data
# hadolint ignore=DL3064  # the token's place, not the token
ENV PYTHONDONTWRITEBYTECODE=1 \
    IMPASTO_CONFIG=/data/impasto.toml \
    IMPASTO_DATA_DIR=/data \
    IMPASTO_TOKEN_FILE=/run/secrets/impasto_token \
    IMPASTO_METRICS__PORT=9464
VOLUME /data
WORKDIR /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=2m --retries=3 \
    CMD ["python", "-m", "impasto.metrics.probe"]
ENTRYPOINT ["impasto"]
CMD ["run"]
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-deps /wheels/*.whl
USER 10001:10001

# No CUDA in the base: torch brings it, and the NVIDIA Container Toolkit lends the driver of the computer.
FROM cpu AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

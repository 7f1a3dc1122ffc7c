# The tally command as an image: docker build -t tally . && docker run --rm tally --help
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv /opt/tally
# The dependencies are a layer of their own, which changes only with the lock.
COPY requirements-runtime.lock ./
RUN /opt/tally/bin/pip install --require-hashes --requirement requirements-runtime.lock
COPY LICENSE README.md pyproject.toml ./
COPY events events
COPY projections projections
COPY streams streams
COPY cli cli
RUN /opt/tally/bin/pip install --no-deps --no-build-isolation . && /opt/tally/bin/tally --help >/dev/null

FROM python:3.13-slim-bookworm
COPY --from=build /opt/tally /opt/tally
ENV PATH=/opt/tally/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home tally
USER tally
# Without settings the log and Redis are embedded, in .tally/ of this folder.
WORKDIR /home/tally
ENTRYPOINT ["tally"]
CMD ["--help"]

# The tally command as an image: docker build -t tally . && docker run --rm tally --help
FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/tally && python -m venv /opt/compiler
# The dependencies are a layer of their own, which changes only with the lock.
COPY requirements-runtime.lock ./
RUN /opt/tally/bin/pip install --require-hashes --requirement requirements-runtime.lock
# What compiles the fold stays in this stage.
COPY requirements.lock ./
RUN /opt/compiler/bin/pip install --require-hashes --requirement requirements.lock
COPY LICENSE README.md pyproject.toml compile_fold.py ./
COPY events events
COPY projections projections
COPY streams streams
COPY web web
COPY cli cli
RUN /opt/compiler/bin/python compile_fold.py && /opt/tally/bin/pip install --no-deps --no-build-isolation .
# From elsewhere: here the sources themselves would be found.
RUN cd / && /opt/tally/bin/python -c "import projections; assert projections.COMPILED, projections.FORM" && /opt/tally/bin/tally --help >/dev/null

FROM python:3.13-slim-bookworm
COPY --from=build /opt/tally /opt/tally
ENV PATH=/opt/tally/bin:$PATH PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --create-home tally
USER tally
# Tokens are kept in .tally/ of this folder, which a volume mounted there takes over with its owner.
WORKDIR /home/tally
RUN mkdir --mode 700 .tally
ENTRYPOINT ["tally"]
CMD ["--help"]

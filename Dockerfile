# The digest is that of the image's index: it holds for each platform. Change it together with the version.
ARG PYTHON=python:3.13.9-slim-bookworm@sha256:b685a4fa58bb19d1814d78a1ec0f0208f351452724f78b20212c984d6e124a34
FROM $PYTHON AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY requirements requirements
RUN python -m venv --without-pip /opt/notifconf \
 && pip install --no-deps --require-hashes --requirement requirements/build.txt \
 && pip --python /opt/notifconf/bin/python install --no-deps --require-hashes --only-binary :all: \
    --requirement requirements/runtime.txt
COPY LICENSE README.md pyproject.toml ./
COPY schemas schemas
COPY notifconf notifconf
RUN pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /opt/notifconf/bin/python install --no-deps --no-index dist/*.whl \
 && pip --python /opt/notifconf/bin/python check

FROM $PYTHON
COPY --from=build /opt/notifconf /opt/notifconf
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin notifconf
ENV PATH=/opt/notifconf/bin:$PATH PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /workspace
ENTRYPOINT ["notifconf"]
CMD ["--help"]

# One image for every process of Mosychlos: the dashboard, the workers, the command line. See compose.yaml.
FROM python:3.11-slim

# The program runs as somebody who may write its data directory and nothing else.
RUN useradd --create-home --uid 10001 mosychlos && install -d -o mosychlos -g mosychlos -m 0700 /data
WORKDIR /app

COPY requirements/base.txt requirements/build.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/base.txt \
    && pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/build.txt

COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY dashboard dashboard
COPY pages pages
COPY prompts prompts
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e .

USER mosychlos
ENV MOSYCHLOS_HOME=/data PYTHONUNBUFFERED=1
VOLUME /data
ENTRYPOINT ["mosychlos"]
CMD ["--help"]

# The bot alone; Airflow, MLflow and Slack are reached by the settings that docs/ describes.
FROM python:3.11-slim AS build
RUN pip install --no-cache-dir uv
WORKDIR /src
COPY pyproject.toml README.md LICENSE requirements.lock ./
COPY bot bot
COPY commands commands
COPY templates templates
# The lock also holds what the tests need: as constraints it pins, and checks, only what is installed.
RUN uv venv /app && uv pip install --no-cache --python /app/bin/python --constraint requirements.lock .

FROM python:3.11-slim
RUN useradd --system --create-home --home-dir /var/lib/stationmaster stationmaster
COPY --from=build /app /app
USER stationmaster
WORKDIR /var/lib/stationmaster
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /var/lib/stationmaster
# Used over HTTP only; in Socket Mode nothing listens.
EXPOSE 3000
CMD ["stationmaster", "serve"]

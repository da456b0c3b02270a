"""PromQL in annotations of alerts."""


def queries_of(annotation: str) -> list[str]:
    """Return the queries in a template; the alert's own values are ``x``."""
    return [each.replace("%q", '"x"') for each in annotation.split("`")[1::2]]

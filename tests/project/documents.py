"""What the documents quote from the code, made from the code.

`python -m tests.project.documents` prints the README's table of settings.
"""

from dataclasses import fields

from reactor.settings import Settings, variable


def settings_table() -> str:
    """Return the README's table of settings."""
    rows = ["| name | default | meaning |", "|---|---|---|"]
    for each in fields(Settings):
        default = f"`{each.metadata['default']}`" if each.metadata["default"] else "empty"
        unit = f" {each.metadata['unit']}" if each.metadata["unit"] else ""
        rows.append(f"| `{variable(each.name)}` | {default}{unit} | {each.metadata['meaning']} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(settings_table())  # noqa: T201 - a command

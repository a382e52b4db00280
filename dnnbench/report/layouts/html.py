"""A table as a page of HTML: complete, without scripts, loading nothing."""

from functools import cache
from typing import TYPE_CHECKING

from dnnbench.report.layouts.cell import Grid

if TYPE_CHECKING:
    from jinja2 import Template

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ grid.caption or "dnnbench table" }}</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; color-scheme: light dark; }
table { border-collapse: collapse; border-block: 2px solid; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-block: .5em; }
thead { border-block-end: 1px solid; }
th, td { padding: .2em .7em; text-align: right; white-space: nowrap; font-weight: normal; }
thead th { font-weight: 600; }
.left { text-align: left; }
small { opacity: .75; }
ul { padding: 0; list-style: none; max-width: 60em; font-size: 85%; }
</style>
</head>
<body>
<table>
{% if grid.caption %}
<caption>{{ grid.caption }}</caption>
{% endif %}
<thead>
<tr>{% for name in grid.header %}<th scope="col"{{ flush(name) }}>{{ name }}</th>{% endfor %}</tr>
</thead>
<tbody>
{% for row in grid.cells %}
<tr>{% for name, cell in zip(grid.header, row) %}<td{{ flush(name) }}>{{ show(cell) }}</td>\
{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
<ul>
{% for note in grid.notes %}
<li>{{ note }}</li>
{% endfor %}
</ul>
</body>
</html>
"""

# A cell's own markup; its texts are escaped like all others.
_CELL = (
    '{% if cell is string %}{{ cell }}{% else %}{% if cell.style == "best" %}'
    '<strong>{{ cell.text }}</strong>{% elif cell.style == "second" %}<u>{{ cell.text }}</u>'
    "{% else %}{{ cell.text }}{% endif %}{% if cell.mark %}<sup>{{ cell.mark }}</sup>{% endif %}"
    "{% if cell.note %} <small>{{ cell.note }}</small>{% endif %}{% endif %}"
)


def html(grid: Grid) -> str:
    """The page; every text is escaped by Jinja."""
    return _template().render(grid=grid)


@cache
def _template() -> "Template":
    from jinja2 import Environment

    page = _PAGE.replace("{{ show(cell) }}", _CELL)
    page = page.replace("{{ flush(name) }}", '{% if name in grid.left %} class="left"{% endif %}')
    environment = Environment(
        autoescape=True, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(page, globals={"zip": zip})

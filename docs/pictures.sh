#!/usr/bin/env bash
# Makes the pictures of the README from the sample logs. Needs Chromium for the page.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${TRAIL2TSV:-target/debug/trail2tsv}
[ -x "$program" ] || cargo build

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The terminal: colours become parts of SVG lines, as they are written.
"$program" summary testdata/AWSLogs --top 4 --color always --quiet > "$scratch/text"
escape=$'\e'
lines=$(wc -l < "$scratch/text")
{
  echo "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 668 $((lines * 17 + 24))\" width=\"668\">"
  echo '<rect width="100%" height="100%" rx="8" fill="#161b22"/>'
  echo '<g font-family="ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" fill="#d7dde6">'
  sed -e 's/&/\&amp;/g; s/</\&lt;/g; s/ /\&#160;/g' \
    -e "s/$escape\[1m$escape\[31m/<tspan font-weight=\"bold\" fill=\"#ff7b80\">/g" \
    -e "s/$escape\[1m/<tspan font-weight=\"bold\">/g" \
    -e "s/$escape\[2m/<tspan fill=\"#8b96a5\">/g" \
    -e "s/$escape\[36m/<tspan fill=\"#56c7d8\">/g" \
    -e "s/$escape\[0m/<\/tspan>/g" "$scratch/text" |
    awk '{ printf "<text x=\"16\" y=\"%d\">%s</text>\n", NR * 17 + 10, $0 }'
  echo '</g></svg>'
} > docs/summary-terminal.svg

# The page, as a browser shows it.
"$program" summary testdata/AWSLogs --top 5 --html "$scratch/page.html" --quiet
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
"$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
  --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$scratch/browser" \
  --blink-settings=preferredColorScheme=1 --window-size=1100,1210 \
  --screenshot="$PWD/docs/summary-page.png" "file://$scratch/page.html" 2> /dev/null
ls -l docs/*.svg docs/*.png

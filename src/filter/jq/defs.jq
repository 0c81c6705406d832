def _cells(escape):
  if type != "array" then error("\(tojson) is not a row: give an array") else . end
  | map(
      if type == "array" or type == "object" then error("\(tojson) is not a cell: write tojson behind it")
      elif . == null then ""
      elif type == "string" then escape
      else tojson
      end);

def @tsv:
  _cells(split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n") | split("\r") | join("\\r"))
  | join("\t");

def @csv: _cells("\"" + (split("\"") | join("\"\"")) + "\"") | join(",");

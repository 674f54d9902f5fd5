"""An Open Geography service of our own on a loopback socket: ArcGIS REST as the ONS runs it, its habits and its faults.

Played: a catalogue of services; a description of each layer with its fields and maxRecordCount; queries by district,
by the start of a name and by an envelope; pages by resultOffset and resultRecordCount; exceededTransferLimit at the top
or under `properties`; and errors, of every kind, inside a 200.
"""

import contextlib
import json
import re
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

import shapely
from police_uk import Server, running


class Service:
    """One feature service: its fields, and rows of properties and geometry."""

    def __init__(self, fields, rows, *, most=2000):
        self.fields = fields
        self.rows = rows
        self.most = most


class Geography:
    """What the server knows, and the script of its faults.

    fault is called with the number of the request (0 first) and its path, and returns the object to answer instead, or
    None.
    """

    def __init__(self, services):
        self.services = services
        self.fault = lambda number, path: None
        self.flag_at = "top"
        self.pages = True
        self.paths = []

    def answer(self, path):
        self.paths.append(unquote(path))
        wrong = self.fault(len(self.paths) - 1, path)
        if wrong is not None:
            return wrong
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        steps = [unquote(step) for step in parts.path.strip("/").split("/")]
        if steps == ["services"]:
            return {"services": [{"name": name, "type": "FeatureServer"} for name in self.services]}
        if len(steps) < 4 or steps[1] not in self.services or steps[2:4] != ["FeatureServer", "0"]:
            return {"error": {"code": 400, "message": "Invalid URL", "details": ["Invalid URL"]}}
        service = self.services[steps[1]]
        if len(steps) == 4:
            return {
                "name": steps[1],
                "fields": [{"name": name, "type": "esriFieldTypeString"} for name in service.fields],
                "maxRecordCount": service.most,
            }
        return self.query(service, query)

    def query(self, service, query):
        try:
            rows = [row for row in service.rows if fits(row, query)]
        except ValueError as error:
            return {"error": {"code": 400, "message": "Cannot perform query.", "details": [str(error)]}}
        if query.get("returnCountOnly") == "true":
            return {"count": len(rows)}
        start = int(query.get("resultOffset", 0)) if self.pages else 0
        size = min(int(query["resultRecordCount"]), service.most)
        wanted = query["outFields"].split(",")
        # The real service refuses a field that it does not have.
        if not set(wanted) | {query["orderByFields"]} <= set(service.fields):
            details = ["'outFields' parameter is invalid"]
            return {"error": {"code": 400, "message": "Cannot perform query.", "details": details}}
        ordered = sorted(rows, key=lambda row: row[0][query["orderByFields"]])
        page = [
            {"type": "Feature", "properties": {name: row[0][name] for name in wanted},
             "geometry": row[1] and json.loads(shapely.to_geojson(row[1]))}
            for row in ordered[start : start + size]
        ]  # fmt: skip
        answer = {"type": "FeatureCollection", "features": page}
        if start + size < len(rows):
            flag = {"exceededTransferLimit": True}
            answer |= flag if self.flag_at == "top" else {"properties": flag}
        return answer


def fits(row, query):
    """Whether a row fits the where clause and the envelope; raises ValueError as the service refuses."""
    properties, shape = row
    where = query["where"]
    if where != "1=1":
        found = re.fullmatch(r"UPPER\((\w+)\) (=|LIKE) '((?:[^']|'')*)'", where)
        if not found or found[1] not in properties:
            raise ValueError("'Invalid field' parameter is invalid")
        value, text = str(properties[found[1]]).upper(), found[3].replace("''", "'")
        if found[2] == "=" and value != text:
            return False
        if found[2] == "LIKE" and not value.startswith(text.removesuffix("%")):
            return False
    if "geometry" in query:
        return shapely.box(*map(float, query["geometry"].split(","))).intersects(shape)
    return True


@contextlib.contextmanager
def serving(geography):
    """Serve on a free port; yields the address of its folder of services."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def do_GET(self):
            found = geography.answer(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            kind = "text/html" if isinstance(found, bytes) else "application/json"
            with contextlib.suppress(ConnectionError):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

    with running(Server(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}/services"

"""What README and the page for newcomers say in Python is run as it stands.

The page's commands, and the app they are for, are in tests/end_to_end/test_an_app_of_your_own.py.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "instrument-your-app.md"
SERVED = """
from fastapi.testclient import TestClient
with TestClient(app) as client:
    assert "http_requests_total" in client.get("/metrics").text
    assert client.get("/nothing").headers["x-request-id"]
"""


def test_readme_s_own_app_is_instrumented() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    ended = run("-W", "error", "-c", code + SERVED)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert '"event":"http.request"' in ended.stdout


def test_the_page_s_own_app_passes_the_page_s_own_tests(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n# (\w*shop\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert [name for name, _ in blocks] == ["shop.py", "test_shop.py"]
    for name, code in blocks:
        (tmp_path / name).write_text(code)
    ended = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path), folder=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "2 passed" in ended.stdout


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

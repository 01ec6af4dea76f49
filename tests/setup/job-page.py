#!/usr/bin/env python3
"""Takes the picture of a job's page in docs/: a COPY in its middle, in headless Chromium.

  HOLDFAST=build/holdfast HOLDFAST_SLOW_LIB=build/tests/slow.so tests/setup/job-page.py
"""
import shutil
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TOP / "tests" / "wire"))
from holdfast import *  # noqa: E402

chromium = shutil.which("chromium") or skip("chromium is not installed")
SLOW = "copy_file_range=12,ficlone=12,sendfile=12,read=12"
with Server(slow=SLOW, match="photos") as s:
    write_tree(s.path("photos"), 30, 40, 300000)
    s.path("backup").mkdir()
    accepted = s.request("COPY", "/photos", {"Destination": "/backup/photos%202026",
                                             "Prefer": "respond-async, wait=6"})
    same(accepted.status, 202)
    subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--window-size=900,430", "--screenshot=%s" % (TOP / "docs" / "job-page.png"),
                    s.url + accepted.get("location")], check=True, timeout=60, stderr=subprocess.DEVNULL)
    same(s.request("DELETE", accepted.get("location")).status, 202)

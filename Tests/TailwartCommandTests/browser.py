#!/usr/bin/python3
"""Looks at the page of a running edge as a browser shows it, and follows a client of its own. Prints what it saw as one JSON object.

usage: browser.py URL PORT [PICTURES]
    PORT: of a listener whose mailbox answers
    PICTURES: a folder for pictures of the page: light, dark and 390 pixels wide
"""
import base64
import json
import os
import socket
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PATIENCE = 30


def start():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
                 "disable-component-update", "disable-sync"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"browser.py: {what} did not come within {PATIENCE} s")


def main():
    url, port = sys.argv[1], int(sys.argv[2])
    browser = start()
    try:
        def text(identifier):
            return browser.find_element(By.ID, identifier).text

        def resize(width, scheme="light"):
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})

        def picture(name, width):
            if len(sys.argv) > 3:
                height = browser.execute_script("return document.documentElement.scrollHeight")
                clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
                shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
                with open(os.path.join(sys.argv[3], f"{name}.png"), "wb") as file:
                    file.write(base64.b64decode(shot["data"]))

        seen = {}
        resize(1250)
        browser.get(url)
        until("a problem", lambda: text("problems"))
        with socket.create_connection(("127.0.0.1", port)) as client:
            own = "%s:%d" % client.getsockname()
            until("the own connection", lambda: own in text("connections"))
            # By the keyboard alone.
            browser.find_element(By.TAG_NAME, "body").send_keys("/")
            browser.switch_to.active_element.send_keys("no such client")
            until("nothing", lambda: "None matches" in text("connections"))
            browser.switch_to.active_element.send_keys(Keys.ESCAPE)
            until("all again", lambda: own in text("connections"))
            until("a rate", lambda: browser.find_elements(By.CSS_SELECTOR, "#charts path"))
            # The other client comes to the mailbox that is away.
            socket.create_connection(("127.0.0.1", int(os.environ["AWAY"]))).close()
            until("who was not served", lambda: browser.find_elements(By.CSS_SELECTOR, "#refusals tbody tr"))
            # One more where only a proxy may come.
            socket.create_connection(("127.0.0.1", int(os.environ["PROXIED"]))).close()
            until("who was turned away", lambda: browser.find_elements(By.CSS_SELECTOR, "#away tbody tr"))
            for part in ("verdict", "problems", "listeners", "places", "refusals", "bans", "away"):
                seen[part] = text(part)
            seen["title"] = browser.title
            picture("light", 1250)
            resize(1250, "dark")
            seen["dark"] = browser.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
            picture("dark", 1250)
            resize(390)
            seen["width"] = browser.execute_script("return document.documentElement.scrollWidth")
            picture("narrow", 390)
        until("the end of the own connection", lambda: own not in text("connections"))
        seen["foreign"] = browser.execute_script("return document.querySelectorAll('#strange').length")
        seen["outside"] = browser.execute_script(
            "return performance.getEntriesByType('resource').map(each => each.name).filter(name => !name.startsWith(arguments[0]))", url)
        seen["console"] = [entry["message"] for entry in browser.get_log("browser")]
        print(json.dumps(seen))
    finally:
        browser.quit()


main()

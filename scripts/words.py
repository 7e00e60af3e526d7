"""What the start says, in the two languages of the product."""

from __future__ import annotations

import os
from collections.abc import Mapping

ENGLISH, CHINESE = 0, 1

WORDS: dict[str, tuple[str, str]] = {
    "first": (
        "Lianxi CRM: the first start prepares everything and takes one to four minutes; later ones take seconds.",
        "联系 CRM：首次启动需要准备环境，大约一到四分钟；以后只需几秒。",
    ),
    "again": ("Lianxi CRM", "联系 CRM"),
    "waiting": (
        "Another start is preparing this folder; waiting until it is done.",
        "另一个启动正在准备此目录，请稍候。",
    ),
    "venv": ("Python environment in .venv (up to 20 s)", "Python 环境 .venv（最多 20 秒）"),
    "pip": ("Python packages, locked and hash-checked (up to 90 s)", "Python 依赖，版本锁定并校验哈希（最多 90 秒）"),
    "node": (
        "Node.js of our own in .node, only to build the pages (up to 60 s)",
        "自带的 Node.js（.node），仅用于构建页面（最多 60 秒）",
    ),
    "npm": ("Front-end packages, locked (up to 60 s)", "前端依赖，版本锁定（最多 60 秒）"),
    "build": ("Building the pages (up to 60 s)", "构建页面（最多 60 秒）"),
    "apt": ("Servers, browser and fonts for the tests, from Debian", "从 Debian 安装测试所需的服务、浏览器和字体"),
    "lock": ("Resolving versions", "解析版本"),
    "data": ("Database: tables, roles, first administrator", "数据库：表结构、角色、首位管理员"),
    "demo": ("Demo data: 2,000 customers (up to 30 s)", "演示数据：2,000 个客户（最多 30 秒）"),
    "serve": ("Starting the server", "启动服务"),
    "seconds": ("{seconds:.1f} s", "{seconds:.1f} 秒"),
    "fresh": ("up to date", "已是最新"),
    "ready": ("Ready: {url}   (Ctrl-C ends it)", "已就绪：{url}   （按 Ctrl-C 结束）"),
    "dev_ready": (
        "Ready: {url}   (pages and server reload when a file changes; Ctrl-C ends it)",
        "已就绪：{url}   （文件改动后页面与服务自动重新加载；按 Ctrl-C 结束）",
    ),
    "prod_needs": (
        "This is the big shape: {variable} must say where its {server} is. For example:\n"
        "  make prod DATABASE_URL=postgresql://USER:PASSWORD@127.0.0.1/lianxi REDIS_URL=redis://127.0.0.1:6379/0\n"
        "Without servers of your own, make run needs neither.",
        "这是大型部署形态：请用 {variable} 指明 {server} 的位置，例如：\n"
        "  make prod DATABASE_URL=postgresql://USER:PASSWORD@127.0.0.1/lianxi REDIS_URL=redis://127.0.0.1:6379/0\n"
        "没有自己的服务时请用 make run，两者都不需要。",
    ),
    "prod_away": (
        "{server} does not answer at {host}:{port}, where {variable} says that it is ({reason}).",
        "{variable} 指明的 {server} 在 {host}:{port} 没有响应（{reason}）。",
    ),
    "stopping": (
        "Stopping: answers under way are finished first. Ctrl-C once more stops at once.",
        "正在停止：先完成进行中的请求。再按一次 Ctrl-C 立即停止。",
    ),
    "stopped": ("Stopped.", "已停止。"),
    "interrupted": ("Interrupted; the next start goes on from here.", "已中断；下次启动会接着进行。"),
    "failed": ("This step failed. What it said:", "这一步失败了，输出如下："),
    "log": ("The whole output is in {path}.", "完整输出见 {path}。"),
    "port_taken": (
        "Port {port} of {host} is in use by another program. Choose another one:\n  make {goal} {variable}={other}",
        "{host} 的端口 {port} 已被其他程序占用，请换一个：\n  make {goal} {variable}={other}",
    ),
    "port_refused": (
        "Listening on {host} port {port} failed: {reason}. Try:\n  make {goal} HOST=127.0.0.1 PORT=5000",
        "无法在 {host} 的端口 {port} 上监听：{reason}。例如：\n  make {goal} HOST=127.0.0.1 PORT=5000",
    ),
    "port_wrong": (
        "PORT={text!r}: a whole number from 1 to 65535 is expected.",
        "PORT={text!r}：应为 1 到 65535 的整数。",
    ),
    "no_pip": (
        "This Python has no venv and no pip, and the package lists could not be read. One line, then start again:\n"
        "  sudo apt-get update && sudo apt-get install -y python3-venv",
        "此 Python 缺少 venv 和 pip，也无法读取软件包列表。请执行下面一行后重新启动：\n"
        "  sudo apt-get update && sudo apt-get install -y python3-venv",
    ),
    "server_ended": (
        "The server ended by itself (code {code}). The lines above say why.",
        "服务意外结束（代码 {code}），原因见上方输出。",
    ),
    "server_silent": (
        "The server did not answer within {seconds} s; stopping it.",
        "服务在 {seconds} 秒内没有响应，正在停止。",
    ),
    "cleared": ("The demo data are gone.", "演示数据已清除。"),
    "nothing_to_clear": ("There are no demo data.", "没有演示数据。"),
}


def language_of(env: Mapping[str, str]) -> int:
    """Chinese for a terminal that says so, else English."""
    text = env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or ""
    return CHINESE if text.lower().startswith("zh") else ENGLISH


def say(key: str, **values: object) -> str:
    """One sentence in the terminal's language."""
    return WORDS[key][language_of(os.environ)].format(**values)

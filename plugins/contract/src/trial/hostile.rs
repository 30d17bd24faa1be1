//! Job: texts that a stranger may type into a booking to do harm.
//! Takes: nothing.
//! Gives: one list a kind of harm, and all of them.
//! Never: holds a text that is only odd; each is an attack on a medium.

/// On terminals: links, clipboards, cursors, titles, 8-bit controls, overwritten lines.
pub const TERMINAL: &[&str] = &[
    "\u{1b}]8;;https://evil.example/\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{1b}]52;c;cm0gLXJmIH4=\u{7}",
    "\u{1b}]0;owned\u{7}",
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}P+q544e\u{1b}\\",
    "\u{9b}31m8-bit",
    "\u{9d}8;;https://evil.example/\u{9c}",
    "\u{90}q\u{9c}",
    "Anna\rPAID 0.00",
    "Anna\u{8}\u{8}\u{8}\u{8}Root",
    "line\nline\r\nline\u{b}line\u{c}line",
    "bell\u{7}\u{7}\u{7}",
    "null\u{0}byte",
    "\u{7f}delete",
];

/// On eyes: reversed, hidden and forged letters.
pub const BIDI: &[&str] = &[
    "\u{202e}evil\u{202c}",
    "\u{2066}isolated\u{2069}",
    "\u{200e}\u{200f}\u{061c}",
    "a\u{200b}b\u{200c}c\u{200d}d\u{2060}e\u{feff}f",
    "soft\u{ad}hyphen",
    "tag\u{e0041}\u{e0042}\u{e007f}",
    "\u{fff9}a\u{fffa}b\u{fffb}",
];

/// On logs and line protocols: forged records.
pub const LINES: &[&str] = &[
    "Anna\u{2028}level=error",
    "Anna\u{2029}level=error",
    "Anna\u{85}level=error",
    "{\"level\":\"error\"}\n{\"level\":\"info\"}",
    "a\", \"forged\": \"b",
    "\\\" \\u0000 \\",
];

/// On headers of HTTP and mail.
pub const HEADERS: &[&str] = &[
    "Anna\r\nBcc: all@example.com",
    "Anna\r\n\r\n<html>",
    "Anna\nX-Injected: 1",
    "Anna\r\n.\r\nRCPT TO:<all@example.com>",
    "=?utf-8?b?QmNjOiBhbGw=?=",
];

/// On HTML, Pango and Slack's own marks.
pub const MARKUP: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "<b>bold</b> & <a href=\"https://evil.example\">link</a>",
    "<span foreground=\"red\" size=\"1000000\">",
    "&lt;already&gt; &amp; &#x3c;",
    "<!channel> <!here> <@U0123> <#C0123>",
    "<https://evil.example|invoice>",
    "*bold* _italic_ ~strike~ `code` ```block```",
    "[text](javascript:alert(1))",
];

/// On templates, expressions, shells, tables and formats.
pub const SYNTAX: &[&str] = &[
    "{{ 7 * 7 }}",
    "{% for x in range(10000000) %}x{% endfor %}",
    "{# comment #} ${7*7} #{7*7} <%= 7 %>",
    "$(reboot) `reboot` ; reboot | reboot && reboot",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "%s%s%s%n %00",
    "../../etc/passwd",
    "' OR 1=1; --",
];

/// On measures: as long as a field may be, and letters that stack.
pub fn huge() -> Vec<String> {
    vec![
        "x".repeat(16 * 1024),
        "東".repeat(16 * 1024 / 3),
        "\u{1f9ed}".repeat(4 * 1024),
        format!("Z{}", "\u{0315}".repeat(8 * 1024)),
        "\u{1b}[31m".repeat(3 * 1024),
        "\"\\".repeat(8 * 1024),
        "word ".repeat(3 * 1024),
    ]
}

/// Every text of every kind.
pub fn all() -> Vec<String> {
    let short = [TERMINAL, BIDI, LINES, HEADERS, MARKUP, SYNTAX].concat();
    let empty = ["", " ", "\n"];
    empty.iter().chain(&short).map(|text| (*text).to_owned()).chain(huge()).collect()
}

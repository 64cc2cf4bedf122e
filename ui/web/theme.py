"""Colours and type: one palette for the style sheets and for Gradio's own components.

Each colour becomes a CSS variable of its name (`--near-miss`), with a light and a dark value.
"""

from __future__ import annotations

import gradio as gr

PALETTE: dict[str, tuple[str, str]] = {
    "paper": ("#faf9f6", "#16181b"),
    "surface": ("#ffffff", "#1e2125"),
    "raised": ("#f1efe9", "#282c31"),
    "ink": ("#1d2023", "#e9e7e2"),
    "soft": ("#5a6068", "#a6acb4"),
    "line": ("#dedbd2", "#363b41"),
    "edge": ("#85898f", "#7d848c"),
    "accent": ("#0b5d66", "#7fcfd3"),
    "on_accent": ("#ffffff", "#0d2224"),
    "accent_wash": ("#e3f0f0", "#1c3436"),
    "highlight": ("#ffe38a", "#6b5512"),
    "failure": ("#a3260f", "#ff9c86"),
    "near_miss": ("#7d5200", "#f0bf62"),
    "success": ("#1a6834", "#7fd396"),
    "mixed": ("#5c3c9c", "#c3acf5"),
}
_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
_MONO = ("ui-monospace", "Cascadia Code", "Menlo", "Consolas", "monospace")
_ROLES = {
    "body_background_fill": "*paper",
    "body_text_color": "*ink",
    "body_text_color_subdued": "*soft",
    "background_fill_primary": "*surface",
    "background_fill_secondary": "*paper",
    "border_color_primary": "*line",
    "border_color_accent": "*accent",
    "block_background_fill": "*surface",
    "block_border_color": "*line",
    "block_label_text_color": "*soft",
    "block_title_text_color": "*soft",
    "block_info_text_color": "*soft",
    "input_background_fill": "*surface",
    "input_background_fill_focus": "*surface",
    "input_border_color": "*edge",
    "input_border_color_focus": "*accent",
    "input_placeholder_color": "*soft",
    "button_primary_background_fill": "*accent",
    "button_primary_background_fill_hover": "*accent",
    "button_primary_text_color": "*on_accent",
    "button_primary_text_color_hover": "*on_accent",
    "button_primary_border_color": "*accent",
    "button_secondary_background_fill": "transparent",
    "button_secondary_background_fill_hover": "*raised",
    "button_secondary_text_color": "*ink",
    "button_secondary_text_color_hover": "*ink",
    "button_secondary_border_color": "*edge",
    "color_accent_soft": "*accent_wash",
    "link_text_color": "*accent",
}


def theme() -> gr.Theme:
    """The theme; it follows the system's light or dark setting and loads no font."""
    look = gr.themes.Base(font=_SANS, font_mono=_MONO, radius_size="lg")
    for name, (light, dark) in PALETTE.items():
        setattr(look, name, light)
        setattr(look, f"{name}_dark", dark)
    # Set for dark as well, or the base theme's own dark values would win there.
    return look.set(**_ROLES, **{f"{role}_dark": colour for role, colour in _ROLES.items()})

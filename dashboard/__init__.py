"""The Streamlit shell: session, navigation, charts and widgets. Pages stand in `pages/`."""

//! Facts and findings to HTML and JSON, in English and Chinese.

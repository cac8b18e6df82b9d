//! Setup guides: Markdown from provider files, which an operator may have written, as HTML.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// Renders a guide. Raw HTML comes out as text, links leave only for http and https, images are left out: a
/// provider file can say anything but run nothing.
pub(crate) fn to_html(markdown: &str) -> String {
    let mut hidden = 0_u32;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
        .filter_map(|event| {
            let event = match event {
                Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
                Event::Start(Tag::Image { .. }) => {
                    hidden += 1;
                    return None;
                }
                Event::End(TagEnd::Image) => {
                    hidden = hidden.saturating_sub(1);
                    return None;
                }
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }) => {
                    let safe = dest_url.starts_with("https://") || dest_url.starts_with("http://");
                    let dest_url = if safe { dest_url } else { "#".into() };
                    Event::Start(Tag::Link {
                        link_type,
                        dest_url,
                        title,
                        id,
                    })
                }
                other => other,
            };
            (hidden == 0).then_some(event)
        });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn a_guide_can_run_nothing() {
        let html = to_html(
            "<script>x</script>\n\n**b** <b onclick=x>i</b> [a](javascript:x) ![i](https://x/i.png) [s](https://s)",
        );
        assert!(
            !html.contains("<script")
                && !html.contains("<b onclick")
                && !html.contains("href=\"javascript:")
                && !html.contains("<img")
        );
        assert!(html.contains("<strong>b</strong>") && html.contains("href=\"https://s\""));
    }
}

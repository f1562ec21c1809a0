//! Answers in XML, read as JSON is: a text is a string, an element with elements in it an object, and one whose elements
//! are all called `member` a list. What cannot be read in one way only is not read.

use roxmltree::{Document, Node, ParsingOptions};

use crate::tree::{Members, Tree};

/// No answer that anybody documents is nested deeper.
const MOST_DEPTH: usize = 16;
const MOST_NODES: u32 = 10_000;

/// An object with the root element as its one member; `None` where the text is not XML of the kind above, in which
/// attributes mean nothing and there is no document type.
pub(crate) fn parse(bytes: &[u8]) -> Option<Tree<'static>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).ok()?;
    let root = document.root_element();
    object([(root, value(root, 0)?)].into())
}

fn value(node: Node<'_, '_>, depth: usize) -> Option<Tree<'static>> {
    if depth > MOST_DEPTH {
        return None;
    }
    let elements: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let texts = node.children().filter(Node::is_text);
    let text: String = texts.filter_map(|child| child.text()).collect();
    if elements.is_empty() {
        return Some(Tree::String(text.into()));
    }
    // Text beside elements is nobody's member.
    if !text.trim().is_empty() {
        return None;
    }
    if elements
        .iter()
        .all(|element| element.tag_name().name() == "member")
    {
        let items = elements.into_iter().map(|element| value(element, depth + 1));
        return items.collect::<Option<Vec<_>>>().map(Tree::Array);
    }
    let members = elements
        .into_iter()
        .map(|element| Some((element, value(element, depth + 1)?)));
    object(members.collect::<Option<_>>()?)
}

/// `None` where two elements have one name.
fn object(elements: Vec<(Node<'_, '_>, Tree<'static>)>) -> Option<Tree<'static>> {
    let name = |node: Node<'_, '_>| node.tag_name().name().to_owned().into();
    let members = elements.into_iter().map(|(node, value)| (name(node), value));
    Members::new(members.collect()).ok().map(Tree::Object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Tree<'_>> {
        Tree::parse(json.as_bytes()).ok()
    }

    #[test]
    fn xml_becomes_objects_lists_and_texts() {
        let text = "<?xml version=\"1.0\"?><R xmlns=\"https://x/\"><A>a&amp;b</A>\n<L><member><B>1</B></member></L><E/></R>";
        let expected = read(r#"{"R": {"A": "a&b", "L": [{"B": "1"}], "E": ""}}"#);
        assert!(expected.is_some());
        assert_eq!(parse(text.as_bytes()), expected);
        assert_eq!(parse(b"<R/>"), read(r#"{"R": ""}"#));
    }

    #[test]
    fn what_can_be_read_in_two_ways_or_grows_is_not_read() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for text in [
            "",
            "<R>",
            "<R></S>",
            "<R/><R/>",
            "<R><A/><A/></R>",
            "<R>text<A/></R>",
            "<R><member/><A/><member/></R>",
            "<!DOCTYPE R [<!ENTITY a \"x\">]><R>&a;</R>",
            "<html><p>a</p><p>b</p></html>",
            "{}",
            &deep,
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"<R>\xff</R>"), None);
        let many = format!("<R>{}</R>", "<member/>".repeat(20_000));
        assert_eq!(parse(many.as_bytes()), None);
    }
}

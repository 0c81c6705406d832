//! Parses an XML document into a tree of elements. Attributes and namespaces are ignored.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

/// Largest depth of elements.
const MAX_DEPTH: usize = 64;
/// Largest number of elements, which limits the memory that a document can take.
const MAX_ELEMENTS: usize = 1_000_000;

/// An XML element.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct XmlElement {
    /// Name without the namespace.
    pub name: String,
    /// Text of an element without children; otherwise empty.
    pub text: String,
    /// Elements directly inside.
    pub children: Vec<XmlElement>,
}

/// Why a document is invalid.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum XmlError {
    /// The document ends before its root element does.
    #[error("the answer is cut off")]
    Truncated,
    /// The document is not well-formed XML.
    #[error("the answer cannot be parsed")]
    Malformed,
    /// The document exceeds a limit on the number or the depth of elements.
    #[error("the answer has too many elements")]
    TooLarge,
}

impl XmlElement {
    /// Parses a document, which must be complete and have one root element.
    pub fn parse(document: &str) -> Result<XmlElement, XmlError> {
        let mut reader = Reader::from_str(document);
        let mut tree = TreeBuilder::default();
        loop {
            match reader.read_event() {
                Ok(Event::Start(tag)) => tree.start(tag.local_name().as_ref())?,
                Ok(Event::Empty(tag)) => {
                    tree.start(tag.local_name().as_ref())?;
                    tree.end()?;
                }
                Ok(Event::End(_)) => tree.end()?,
                Ok(Event::Text(text)) => tree.text(&text.xml10_content())?,
                Ok(Event::CData(text)) => tree.text(&text.xml10_content())?,
                Ok(Event::GeneralRef(reference)) => tree.reference(&reference)?,
                Ok(Event::Eof) => return tree.finish(),
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
                // The parser reports an incomplete tag at the end as a syntax error.
                Err(quick_xml::Error::Syntax(_)) => return Err(XmlError::Truncated),
                Err(_) => return Err(XmlError::Malformed),
            }
        }
    }

    /// Returns the first child of this name.
    pub fn child(&self, name: &str) -> Option<&XmlElement> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the text of the first child of this name; `None` if there is none or it is empty.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Returns the entries of a list: the children of the first child of this name.
    pub fn entries(&self, name: &str) -> &[XmlElement] {
        self.child(name).map_or(&[], |list| &list.children)
    }
}

/// Builds the tree from the tags in their order.
#[derive(Default)]
struct TreeBuilder {
    /// The elements that are not ended yet, outermost first.
    open: Vec<XmlElement>,
    root: Option<XmlElement>,
    count: usize,
}

impl TreeBuilder {
    fn start(&mut self, name: &str) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(XmlError::Malformed);
        }
        self.count += 1;
        if self.count > MAX_ELEMENTS || self.open.len() == MAX_DEPTH {
            return Err(XmlError::TooLarge);
        }
        self.open.push(XmlElement { name: name.to_string(), ..XmlElement::default() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let mut element = self.open.pop().ok_or(XmlError::Malformed)?;
        if !element.children.is_empty() {
            // Only the white space between the children.
            element.text.clear();
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => return Err(XmlError::Malformed),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), XmlError> {
        if let Some(character) = reference.resolve_char_ref().map_err(|_| XmlError::Malformed)? {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        self.text(resolve_xml_entity(reference).ok_or(XmlError::Malformed)?)
    }

    fn finish(self) -> Result<XmlElement, XmlError> {
        if !self.open.is_empty() {
            return Err(XmlError::Truncated);
        }
        self.root.ok_or(XmlError::Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_trees() {
        let root = XmlElement::parse(
            "<?xml version=\"1.0\"?>\n<a:Root xmlns:a=\"x\" b=\"c\">\n  <set><item><id>i-1</id></item>\n\
             <item/></set><!-- no --><name>R&amp;D &#x3c;é&#62;<![CDATA[ <x>&]]></name><empty></empty></a:Root>\n",
        )
        .unwrap();
        assert_eq!((root.name.as_str(), root.text.as_str(), root.children.len()), ("Root", "", 3));
        assert_eq!(root.entries("set").len(), 2);
        assert_eq!(root.entries("set")[0].text_of("id"), Some("i-1"));
        assert_eq!(root.text_of("name"), Some("R&D <é> <x>&"));
        assert_eq!((root.text_of("empty"), root.text_of("none")), (None, None));
        assert!(root.entries("none").is_empty());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let document = "<?xml version=\"1.0\"?><Root><a b=\"c\">t&amp;<!-- d --></a><e/></Root>";
        for end in 0..document.len() {
            assert!(XmlElement::parse(&document[..end]).is_err(), "{}", &document[..end]);
        }
        assert!(XmlElement::parse(document).is_ok());
        assert_eq!(XmlElement::parse("<Root><a>"), Err(XmlError::Truncated));
        assert_eq!(XmlElement::parse("<Root><a>t</"), Err(XmlError::Truncated));
        assert_eq!(XmlElement::parse(""), Err(XmlError::Truncated));
    }

    #[test]
    fn invalid_documents_are_rejected() {
        for document in ["<a></b>", "</a>", "<a/><b/>", "<a/>text", "text<a/>", "<a>&unknown;</a>", "{\"a\": 1}"] {
            assert_eq!(XmlElement::parse(document), Err(XmlError::Malformed), "{document}");
        }
        assert_eq!(XmlElement::parse(&"<a>".repeat(100)), Err(XmlError::TooLarge));
        assert_eq!(XmlElement::parse(&format!("<r>{}</r>", "<a/>".repeat(MAX_ELEMENTS))), Err(XmlError::TooLarge));
    }
}

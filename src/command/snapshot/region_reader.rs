//! Reads all resources of one kind in one region.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::{Map, Value};

use super::element_value::{members, value};
use super::resource_list::{DetailCall, ResourceList};
use super::rule_lines::replace_permissions;
use crate::cloudtrail::history::change::{ResourceKind, ResourceScope};
use crate::sink::document::DocumentFormat;
use crate::source::aws::query::QueryRequest;
use crate::source::aws::xml_element::XmlElement;
use crate::source::aws::{AwsError, ServiceClient};

/// The texts of the documents of all resources, by id.
pub(super) type Documents = BTreeMap<String, String>;

/// The members of the documents of resources, by id.
type Resources = BTreeMap<String, Map<String, Value>>;

/// Reads a list to its end, with all details of its resources. Returns an error if anything
/// is missing.
pub(super) async fn read(
    client: &ServiceClient,
    scope: &ResourceScope,
    list: &ResourceList,
    format: DocumentFormat,
) -> Result<Documents, AwsError> {
    let mut request = QueryRequest::new(list.service, &scope.region, list.action);
    if let Some((name, value)) = list.page_size {
        request = request.with(name, value);
    }
    let (mut resources, mut documents) = (Resources::new(), Documents::new());
    let each = |page: XmlElement| {
        for entry in page.entries(list.element) {
            add_entry(list, entry, &scope.account, &mut resources);
        }
        if list.details.is_empty() {
            render(&mut resources, format, &mut documents);
        }
        ControlFlow::Continue(())
    };
    client.each_page(&request, each).await?;
    for call in list.details {
        add_details(client, scope, list, call, &mut resources).await?;
    }
    render(&mut resources, format, &mut documents);
    Ok(documents)
}

/// Turns complete resources into texts, which take less memory.
fn render(resources: &mut Resources, format: DocumentFormat, documents: &mut Documents) {
    for (id, mut members) in std::mem::take(resources) {
        members.sort_keys();
        documents.insert(id, format.text(&Value::Object(members)));
    }
}

/// Adds the resources of an entry.
fn add_entry(list: &ResourceList, entry: &XmlElement, account: &str, resources: &mut Resources) {
    let Some(inner) = list.inner else {
        add_resource(list, entry, Map::new(), account, resources);
        return;
    };
    // What holds for all resources of the entry, such as the owner of a reservation.
    let texts = entry.children.iter().filter(|child| child.children.is_empty());
    let shared: Map<_, _> = texts.filter_map(|child| Some((child.name.clone(), value(list.kind, child)?))).collect();
    for resource in entry.entries(inner) {
        add_resource(list, resource, shared.clone(), account, resources);
    }
}

fn add_resource(
    list: &ResourceList,
    element: &XmlElement,
    shared: Map<String, Value>,
    account: &str,
    resources: &mut Resources,
) {
    let Some(id) = list.id.iter().find_map(|name| element.text_of(name)) else { return };
    if list.gone.is_some_and(|(path, gone)| text_at(element, path) == Some(gone)) {
        return;
    }
    let mut document = shared;
    document.extend(members(list.kind, element));
    if list.kind == ResourceKind::SecurityGroup {
        replace_permissions(element, account, &mut document);
    }
    resources.insert(id.into(), document);
}

fn text_at<'a>(element: &'a XmlElement, path: &[&str]) -> Option<&'a str> {
    let (name, outer) = path.split_last()?;
    outer.iter().try_fold(element, |element, name| element.child(name))?.text_of(name)
}

/// Adds what a further call returns of each resource.
async fn add_details(
    client: &ServiceClient,
    scope: &ResourceScope,
    list: &ResourceList,
    call: &DetailCall,
    resources: &mut Resources,
) -> Result<(), AwsError> {
    let ids: Vec<String> = resources.keys().cloned().collect();
    for batch in ids.chunks(call.batch.unwrap_or(1)) {
        match describe(client, scope, list, call, batch, resources).await {
            // One of them was deleted since it was listed, and the others are asked alone.
            Err(error) if is_gone(&error) => {
                for id in batch {
                    match describe(client, scope, list, call, std::slice::from_ref(id), resources).await {
                        Err(error) if is_gone(&error) => drop(resources.remove(id)),
                        result => result?,
                    }
                }
            }
            result => result?,
        }
    }
    Ok(())
}

fn is_gone(error: &AwsError) -> bool {
    error.code.ends_with("NotFound") || error.code.ends_with("NotFoundException")
}

async fn describe(
    client: &ServiceClient,
    scope: &ResourceScope,
    list: &ResourceList,
    call: &DetailCall,
    ids: &[String],
    resources: &mut Resources,
) -> Result<(), AwsError> {
    let mut request = QueryRequest::new(list.service, &scope.region, call.action);
    for (at, id) in ids.iter().enumerate() {
        request = match call.batch {
            Some(_) => request.with(format!("{}.member.{}", call.parameter, at + 1), id),
            None => request.with(call.parameter, id),
        };
    }
    let mut whole = XmlElement { name: call.element.into(), ..XmlElement::default() };
    let each = |page: XmlElement| {
        whole.children.extend_from_slice(page.entries(call.element));
        ControlFlow::Continue(())
    };
    client.each_page(&request, each).await?;
    let mut add = |id: &str, detail: &XmlElement| {
        if let (Some(document), Some(value)) = (resources.get_mut(id), value(list.kind, detail)) {
            document.insert(call.member.into(), value);
        }
    };
    match call.entry {
        Some((id, detail)) => {
            let entries = whole.children.iter();
            entries
                .filter_map(|entry| Some((entry.text_of(id)?, entry.child(detail)?)))
                .for_each(|(id, detail)| add(id, detail));
        }
        None => ids.iter().for_each(|id| add(id, &whole)),
    }
    Ok(())
}

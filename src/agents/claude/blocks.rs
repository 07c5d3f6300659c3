//! The tools that an answer's content asks for, read quickly.

use crate::agents::compact::Compact;
use crate::agents::json::Text;

/// A `tool_use` block.
#[derive(Clone, Debug, Default)]
pub(super) struct Use<'a> {
    pub id: Text<'a>,
    pub name: Text<'a>,
    /// As it is written, without blanks; empty if there is none.
    pub input: &'a [u8],
}

/// The blocks of a content that use tools.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses<'a> {
    pub blocks: Vec<Use<'a>>,
    /// A block names the `WebSearch` tool.
    pub search: bool,
}

/// Reads a content; none if the real parser has to.
pub(super) fn read<'a>(json: &mut Compact<'a>, uses: &mut Uses<'a>) -> Option<()> {
    json.objects(|json| {
        let (mut is_use, mut block) = (false, Use::default());
        json.object(|json, key| {
            match key {
                b"type" => is_use = json.text()?.is("tool_use"),
                b"id" => block.id = json.text()?,
                b"name" => block.name = json.text()?,
                b"input" => block.input = json.skip()?,
                _ => {
                    json.skip()?;
                }
            }
            Some(())
        })?;
        uses.search |= block.name.is("WebSearch");
        if is_use {
            uses.blocks.push(block);
        }
        Some(())
    })
}

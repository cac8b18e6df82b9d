//! The place in the database a sealed value is bound to.

/// The one cell of the database in which a sealed value may lie.
///
/// It is authenticated with the ciphertext (associated data), not stored in it: bytes that were moved to another
/// table, column, row or owner do not open. Therefore row and owner ids must be immutable and never reused, and
/// copying a secret to another row means opening it here and sealing it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Name of the table, as in the migrations.
    pub table: &'a str,
    /// Name of the column, as in the migrations.
    pub column: &'a str,
    /// The row's primary key as text.
    pub row_id: &'a str,
    /// Whose secret it is: the environment's id, or the account's id for rows that belong to an account.
    pub owner_id: &'a str,
}

/// First part of the associated data: sets Terapi's values, and this version of the rules, apart from others'.
const CONTEXT: &str = "terapi/1";

impl Place<'_> {
    /// The associated data: context, table, column, row id, owner id, then the given further parts. Each part is
    /// preceded by its length in bytes (u32, big endian), so that no two different lists give the same bytes.
    pub(crate) fn associated_data(&self, further: &[&[u8]]) -> Vec<u8> {
        let own = [CONTEXT, self.table, self.column, self.row_id, self.owner_id];
        let mut data = Vec::with_capacity(128);
        for part in own
            .iter()
            .map(|part| part.as_bytes())
            .chain(further.iter().copied())
        {
            let length = u32::try_from(part.len()).expect("names and ids are shorter than 4 GiB");
            data.extend_from_slice(&length.to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

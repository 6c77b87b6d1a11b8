// SPDX-License-Identifier: MIT
// Text in XML: valid whatever its bytes are.
#ifndef REPORT_XML_H
#define REPORT_XML_H

#include <stddef.h>

struct buf;

// What stands between tags.
void xml_add_text(struct buf *b, const char *s);
void xml_add_bytes(struct buf *b, const char *s, size_t n);
// ' name="value"'.
void xml_add_attribute(struct buf *b, const char *name, const char *value);

#endif

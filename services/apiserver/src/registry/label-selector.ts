import {
  forbiddenField,
  invalidValue,
  isQualifiedName,
  isValidLabelValue,
  required,
  type LabelSelector,
  type LabelSelectorRequirement,
  type StatusCause,
} from "@kubehop/api";
import { labelCauses } from "./object-meta.ts";

/** Rules of a LabelSelector (apimachinery/pkg/apis/meta/v1/validation). */
export function labelSelectorCauses(field: string, selector: LabelSelector): StatusCause[] {
  const expressions = selector.matchExpressions ?? [];
  return [
    ...labelCauses(`${field}.matchLabels`, selector.matchLabels),
    ...expressions.flatMap((expression, index) =>
      requirementCauses(`${field}.matchExpressions[${index}]`, expression),
    ),
  ];
}

/** Whether a selector has no condition, and so selects everything. */
export function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;
}

function requirementCauses(
  field: string,
  { key = "", operator, values = [] }: Partial<LabelSelectorRequirement>,
): StatusCause[] {
  return [
    ...operatorCauses(field, operator, values),
    ...isQualifiedName(key).map((why) => invalidValue(`${field}.key`, key, why)),
    ...values.flatMap((value, index) =>
      isValidLabelValue(value).map((why) => invalidValue(`${field}.values[${index}]`, value, why)),
    ),
  ];
}

function operatorCauses(
  field: string,
  operator: string | undefined,
  values: readonly string[],
): StatusCause[] {
  switch (operator) {
    case "In":
    case "NotIn": {
      const why = "must be specified when `operator` is 'In' or 'NotIn'";
      return values.length === 0 ? [required(`${field}.values`, why)] : [];
    }
    case "Exists":
    case "DoesNotExist": {
      const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      return values.length > 0 ? [forbiddenField(`${field}.values`, why)] : [];
    }
    default:
      return [invalidValue(`${field}.operator`, operator, "not a valid selector operator")];
  }
}

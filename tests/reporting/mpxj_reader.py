"""Run in a process of its own: what MPXJ reads from Microsoft Project XML, and where its scheduler puts it.

Writes to standard output one JSON object with ``files``, in the order of the arguments, and ``orders``:
the elements of Microsoft's schema by class, in lower case.
"""

import json
import sys

import jpype
import mpxj  # noqa: F401

CLASSES = {
    "Project": "Project",
    "Calendar": "Project$Calendars$Calendar",
    "Task": "Project$Tasks$Task",
    "PredecessorLink": "Project$Tasks$Task$PredecessorLink",
    "Baseline": "Project$Tasks$Task$Baseline",
    "Resource": "Project$Resources$Resource",
    "AvailabilityPeriod": "Project$Resources$Resource$AvailabilityPeriods$AvailabilityPeriod",
    "Assignment": "Project$Assignments$Assignment",
}


def dates(file):
    return {
        int(task.getUniqueID()): [str(task.getStart()), str(task.getFinish())] for task in file.getTasks()
    }


def number(value):
    return None if value is None else float(value.doubleValue())


def task_of(task):
    return {
        "uid": int(task.getUniqueID()),
        "name": str(task.getName()),
        "level": int(task.getOutlineLevel()),
        "outline": str(task.getOutlineNumber()),
        "number": None if task.getText(1) is None else str(task.getText(1)),
        "is_summary": bool(task.getSummary()),
        "is_milestone": bool(task.getMilestone()),
        "cost": number(task.getCost()),
        "baseline": [str(task.getBaselineStart()), str(task.getBaselineFinish())],
        "deadline": None if task.getDeadline() is None else str(task.getDeadline()),
        "constraint": str(task.getConstraintType()),
        "notes": str(task.getNotes()),
        "links": [
            [
                int(link.getPredecessorTask().getUniqueID()),
                str(link.getType()),
                float(link.getLag().getDuration()),
                str(link.getLag().getUnits()),
            ]
            for link in task.getPredecessors()
        ],
    }


def resource_of(resource):
    return {
        "uid": int(resource.getUniqueID()),
        "name": str(resource.getName()),
        "periods": [
            [str(period.getRange().getStart()), str(period.getRange().getEnd()), number(period.getUnits())]
            for period in resource.getAvailability()
        ],
    }


def assignment_of(assignment):
    return {
        "task": int(assignment.getTaskUniqueID()),
        "resource": int(assignment.getResourceUniqueID()),
        "units": number(assignment.getUnits()),
        "work": float(assignment.getWork().getDuration()),
        "work_units": str(assignment.getWork().getUnits()),
    }


def read(path):
    from org.mpxj.cpm import MicrosoftScheduler
    from org.mpxj.reader import UniversalProjectReader

    file = UniversalProjectReader().read(path)
    head = file.getProjectProperties()
    found = {
        "title": str(head.getProjectTitle()),
        "author": str(head.getAuthor()),
        "subject": str(head.getSubject()),
        "currency": str(head.getCurrencyCode()),
        "tasks": [task_of(task) for task in file.getTasks()],
        "resources": [resource_of(resource) for resource in file.getResources()],
        "assignments": [assignment_of(assignment) for assignment in file.getResourceAssignments()],
        "dates": dates(file),
    }
    MicrosoftScheduler().schedule(file, head.getStartDate())
    return found | {"scheduled": dates(file)}


def orders():
    kind = jpype.JClass("jakarta.xml.bind.annotation.XmlType")
    by_name = jpype.JClass("java.lang.Class").forName
    return {
        name: [
            str(element).lower()
            for element in by_name(f"org.mpxj.mspdi.schema.{java}").getAnnotation(kind).propOrder()
        ]
        for name, java in CLASSES.items()
    }


if __name__ == "__main__":
    jpype.startJVM("-Xmx768m")
    found = {"files": [read(path) for path in sys.argv[1:]], "orders": orders()}
    sys.stdout.write(json.dumps(found))

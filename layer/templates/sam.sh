#!/bin/sh
# Prints photos.yaml as AWS SAM has it: the function and what belongs to it from function-sam.yaml,
# and no parameters for what `sam deploy` uploads itself. All else is said once, in photos.yaml.
#
#   sam.sh >photos-sam.yaml      beside which layer.zip and function.zip have to lie
set -eu
cd "$(dirname "$0")"
awk '
    / # ---- / { skipping = 0 }
    skipping { next }
    { print }
    /^AWSTemplateFormatVersion:/ { print "Transform: AWS::Serverless-2016-10-31" }
    / # ---- what was uploaded: CloudFormation only / { skipping = 1; print "" }
    / # ---- the function: in function-sam.yaml, too / {
        skipping = 1
        print ""
        while ((getline line <"function-sam.yaml") > 0) print line
    }
' photos.yaml
